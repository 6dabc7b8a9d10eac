// Measures one subject on one case in a process of its own, and sends what it found to the parent.
import { workloads } from './workloads/index.mjs'

// Whoever waits for the result is gone: so is the reason to go on.
process.on('disconnect', () => process.exit(1))

const { workload: workloadName, subject: subjectName, parameters, settings } = JSON.parse(process.argv[2])
const workload = workloads.find(({ name }) => name === workloadName)
const subject = workload.subjects.find(({ name }) => name === subjectName)
const found = await subject.measure(parameters, settings)
process.send({ peakMiB: process.resourceUsage().maxRSS / 1024, ...found }, () => process.exit(0))
