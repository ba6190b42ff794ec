/**
 * Types of a statement's expressions, from SQLite's program for it: the last instruction that fills a result's
 * register says what it is. `osquery/sql/sqlite_util.cpp`, QueryPlanner.
 */
import type { ResultRow } from './sql-database.ts'

/** Instructions by name: which operand is the register they fill, and with what. */
const fills: Readonly<Record<string, readonly [operand: 'p2' | 'p3', type: string]>> = {
  Integer: ['p2', 'INTEGER'],
  Int64: ['p2', 'BIGINT'],
  Real: ['p2', 'DOUBLE'],
  String: ['p2', 'TEXT'],
  String8: ['p2', 'TEXT'],
  Concat: ['p3', 'TEXT'],
  Function: ['p3', 'TEXT'],
  PureFunc: ['p3', 'TEXT'],
  AggStep: ['p3', 'BIGINT'],
  Add: ['p3', 'BIGINT'],
  Subtract: ['p3', 'BIGINT'],
  Multiply: ['p3', 'BIGINT'],
  Divide: ['p3', 'BIGINT'],
  Remainder: ['p3', 'BIGINT'],
  And: ['p3', 'INTEGER'],
  Or: ['p3', 'INTEGER'],
  BitAnd: ['p3', 'INTEGER'],
  BitOr: ['p3', 'INTEGER'],
  ShiftLeft: ['p3', 'INTEGER'],
  ShiftRight: ['p3', 'INTEGER'],
}
/** Instructions that only move what is in a register: from p1 to p2. */
const moves = new Set(['Copy', 'SCopy', 'Move'])

/** Types by position of the result; undefined where the program does not tell. */
export function expressionTypes(program: readonly ResultRow[]): (string | undefined)[] {
  const types = new Map<unknown, string>()
  const copies = new Map<unknown, unknown>()
  for (const { opcode, p1, p2, p3 } of program) {
    const filled = fills[String(opcode)]
    if (filled) types.set(filled[0] === 'p2' ? p2 : p3, filled[1])
    if (moves.has(String(opcode))) copies.set(p2, p1)
  }
  const result = program.find(({ opcode }) => opcode === 'ResultRow')
  return Array.from({ length: Number(result?.['p2'] ?? 0) }, (_, at) => {
    const register = Number(result?.['p1']) + at
    return types.get(register) ?? types.get(copies.get(register))
  })
}
