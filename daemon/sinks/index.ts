/**
 * Every kind of sink, by its type.
 */
import type { SinkDefinition } from './sink.ts'

/** All kinds, in the order of the documentation. */
export const sinkDefinitions: readonly SinkDefinition[] = []
