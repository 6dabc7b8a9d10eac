export interface Section {
  readonly title: string
  readonly note: string
  readonly tables: readonly {
    readonly title: string | null
    readonly header: readonly string[]
    readonly rows: readonly (readonly string[])[]
  }[]
}
export function sectionsOf(result: {
  readonly workloads: readonly object[]
  readonly rows: readonly object[]
  readonly growths: readonly object[]
}): readonly Section[]
export function plainText(sections: readonly Section[]): string
export function markdown(sections: readonly Section[]): string
