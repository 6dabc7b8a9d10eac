export type { Durability } from './durability.ts'
export { type FileBlobsOptions, fileBlobs } from './file-blobs.ts'
export { type FileStoreOptions, fileDriver, fileStore } from './file-store.ts'
export { type FileInfo, type FileSystem, nodeFileSystem, type OpenMode } from './file-system.ts'
