import type { Database } from "node-sqlite3-wasm";

/** The rows that a query of ours gives; `T`: its columns, as tables.ts declares them. */
export function rows<T>(database: Database, sql: string, values: (string | number)[] = []): T[] {
  return database.all(sql, values) as unknown as T[];
}
