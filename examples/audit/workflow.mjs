// The audit: a graph made by a program, one node to hash and one to read the licence of every installed package.
import { createHash } from 'node:crypto'
import { appendFileSync, createReadStream, existsSync, readFileSync } from 'node:fs'
import { lstat, mkdir, readdir, readFile, readlink, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createWorkflow } from 'waystone'

/**
 * The packages a lockfile names, in path order; `isInstalled` is false for optional ones made for other platforms.
 * Shape of one: `{ path: 'node_modules/ajv', name: 'ajv', version: '8.20.0', isOptional: false, isInstalled: true }`
 */
export function listPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(packages)
    .filter(([path, { link }]) => path !== '' && link !== true)
    .map(([path, { name, version, optional }]) => ({
      path,
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      isOptional: optional === true,
      isInstalled: existsSync(join(root, path, 'package.json')),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * The workflow over what is installed under `root`.
 * Its runs take the input `{ root, reportFile }` and the service `witness`: a file that gets a line for every call of a handler.
 */
export function auditWorkflow(root) {
  const installed = listPackages(root).filter(({ isInstalled }) => isInstalled)
  const hashes = installed.map(({ path }) => ({ id: `hash ${path}`, type: 'hash-package', data: { path } }))
  const licences = installed.map(({ path }) => ({ id: `licence ${path}`, type: 'read-licence', data: { path } }))
  const perPackage = hashes.flatMap((hash, index) => [hash, licences[index]])
  return createWorkflow(
    {
      id: 'audit',
      version: '1.0.0',
      nodes: [
        { id: 'lockfile', type: 'read-lockfile' },
        ...perPackage,
        { id: 'duplicates', type: 'find-duplicates' },
        { id: 'summary', type: 'summarise' },
        { id: 'report', type: 'write-report' },
      ],
      edges: [
        ...[...perPackage, { id: 'duplicates' }].flatMap(({ id }) => [
          { source: 'lockfile', target: id },
          { source: id, target: 'summary' },
        ]),
        { source: 'lockfile', target: 'summary' },
        { source: 'summary', target: 'report' },
      ],
    },
    {
      handlers: {
        'read-lockfile': witnessed((_, { input }) => listPackages(input.root)),
        'hash-package': witnessed(hashPackage),
        'read-licence': witnessed(readLicence),
        'find-duplicates': witnessed(findDuplicates),
        summarise: witnessed(summarise),
        'write-report': witnessed(writeReport),
      },
    },
  )
}

/** The handler, with a line `[node id, attempt, process id]` in the witness file before each call, so that calls can be counted. */
function witnessed(handler) {
  return (inputs, ctx) => {
    appendFileSync(ctx.services.witness, `${JSON.stringify([ctx.nodeId, ctx.attempt, process.pid])}\n`)
    return handler(inputs, ctx)
  }
}

/** One digest over the names and contents of a package's files; packages installed inside it have nodes of their own. */
async function hashPackage(_, { data, input, counters }) {
  const folder = join(input.root, data.path)
  const hash = createHash('sha256')
  let sizeBytes = 0
  const files = await filesOf(folder)
  for (const file of files) {
    const path = join(folder, file)
    hash.update(`${file}\0`)
    if ((await lstat(path)).isSymbolicLink()) {
      hash.update(await readlink(path))
      continue
    }
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk)
      sizeBytes += chunk.length
    }
  }
  counters.add('files', files.length)
  counters.add('bytes', sizeBytes)
  return { files: files.length, sizeBytes, sha256: hash.digest('hex') }
}

/** Files and symbolic links under a folder, by relative path with `/`, sorted. */
async function filesOf(folder) {
  const found = []
  const open = ['']
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (!entry.isDirectory()) found.push(path)
      else if (path !== 'node_modules') open.push(path)
    }
  }
  return found.sort()
}

/** What the package's manifest says of its licence, else the first line of its licence file, else null. */
async function readLicence(_, { data, input }) {
  const folder = join(input.root, data.path)
  const { license, licenses, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  const said = [license, ...(Array.isArray(licenses) ? licenses : [])]
    .map((entry) => (typeof entry === 'string' ? entry : entry?.type))
    .filter((entry) => typeof entry === 'string')
  const file = (await readdir(folder)).sort().find((name) => /^(licen[cs]e|copying)/i.test(name)) ?? null
  if (said.length > 0) return { version, licence: said.join(' OR '), source: 'package.json', file }
  if (file === null) return { version, licence: null, source: null, file }
  const text = await readFile(join(folder, file), 'utf8')
  return { version, licence: text.trim().split('\n')[0].trim(), source: file, file }
}

/** Packages present in several versions. */
function findDuplicates({ lockfile }) {
  const versions = new Map()
  for (const { name, version, isInstalled } of lockfile) {
    if (isInstalled) versions.set(name, (versions.get(name) ?? new Set()).add(version))
  }
  return new Map([...versions].filter(([, found]) => found.size > 1))
}

function summarise({ lockfile, duplicates, ...inputs }) {
  const packages = lockfile
    .filter(({ isInstalled }) => isInstalled)
    .map(({ path, name, version }) => {
      const { version: installedVersion, ...licence } = inputs[`licence ${path}`]
      return { path, name, version, installedVersion, ...licence, ...inputs[`hash ${path}`] }
    })
  const byLicence = new Map()
  for (const { licence } of packages) byLicence.set(licence, (byLicence.get(licence) ?? 0) + 1)
  return {
    packages,
    duplicates,
    byLicence,
    files: packages.reduce((sum, { files }) => sum + files, 0),
    sizeBytes: packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    otherThanLocked: packages.filter(({ version, installedVersion }) => version !== installedVersion),
    notInstalled: lockfile.filter(({ isInstalled }) => !isInstalled),
  }
}

/** Writes the report whole or not at all: a node cut off here runs again. */
async function writeReport({ summary }, { input }) {
  const { packages, byLicence, duplicates, otherThanLocked, notInstalled } = summary
  const lines = [
    '# Licences and integrity of the installed packages',
    '',
    `${packages.length} packages installed, ${summary.files} files, ${summary.sizeBytes} bytes;`,
    `${notInstalled.length} optional packages of the lockfile are for other platforms and not installed.`,
    `Packages whose installed version is not the locked one: ${otherThanLocked.length}.`,
    '',
    '| licence | packages |',
    '| --- | ---: |',
    ...[...byLicence]
      .sort(([, a], [, b]) => b - a)
      .map(([licence, count]) => `| ${cell(licence ?? 'none found')} | ${count} |`),
    '',
    '## In several versions',
    '',
    ...[...duplicates].map(([name, versions]) => `- ${name}: ${[...versions].join(', ')}`),
    '',
    '## Packages',
    '',
    '| package | version | licence | files | bytes | sha256 |',
    '| --- | --- | --- | ---: | ---: | --- |',
    ...packages.map(
      ({ path, version, licence, files, sizeBytes, sha256 }) =>
        `| ${cell(path.slice('node_modules/'.length))} | ${version} | ${cell(licence ?? 'none found')} | ${files} | ${sizeBytes} | ${sha256} |`,
    ),
    '',
    '## Not the locked version',
    '',
    ...otherThanLocked.map(
      ({ path, version, installedVersion }) => `- ${path}: locked ${version}, installed ${installedVersion}`,
    ),
    '',
    '## Not installed',
    '',
    ...notInstalled.map(({ name, version }) => `- ${name} ${version}`),
  ]
  await mkdir(dirname(input.reportFile), { recursive: true })
  await writeFile(`${input.reportFile}.part`, `${lines.join('\n')}\n`)
  await rename(`${input.reportFile}.part`, input.reportFile)
  return { file: input.reportFile, lines: lines.length }
}

function cell(text) {
  return text.replaceAll('|', '\\|')
}
