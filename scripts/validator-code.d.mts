export function withoutReports(code: string): string
