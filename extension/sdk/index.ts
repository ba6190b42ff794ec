/**
 * osquery-extension-sdk: tables for osquery in TypeScript.
 *
 * Declare a table with `defineTable`, bind it to what it needs with `bind`, and serve it: with `openSql` from
 * `osquery-extension-sdk/sql` there is no osquery needed.
 */
export { type BoundTable, bind } from './bind.ts'
export { bindLate } from './bind-late.ts'
export type { BoundColumn } from './cells.ts'
export {
  bigint,
  blob,
  type Cell,
  type Collation,
  type Column,
  type ColumnOptions,
  type Columns,
  type ColumnType,
  columnTypes,
  double,
  integer,
  optionBits,
  type Row,
  type StoredRow,
  text,
  unsignedBigint,
} from './columns.ts'
export {
  type Constraint,
  constraint,
  type Operator,
  operators,
  parseRequest,
  type TableRequest,
} from './constraints.ts'
export { parseCells } from './json-cells.ts'
export { glob, like } from './like.ts'
export { mayMatch } from './prefilter.ts'
export { type QueryContext, queryContext } from './query-context.ts'
export type { Range } from './range.ts'
export { type Route, routes } from './routes.ts'
export { rowid } from './rowid.ts'
export {
  type ColumnSpec,
  type FleetColumn,
  type FleetTable,
  fleetTable,
  type TableSpec,
  tableSpec,
} from './spec.ts'
export { type Attribute, type BoundRow, defineTable, type Table, type TablePlatform } from './table.ts'
export { ConstraintError, type TableWriter } from './writer.ts'
