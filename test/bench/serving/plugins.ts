/**
 * The tables of the contest as plugins, for the thread they run in.
 */
import { bind } from 'osquery-extension-sdk'
import { definePlugins, tablePlugin } from 'osquery-extension-sdk/extension'
import { benchNothing, benchRows } from './table.ts'

export default definePlugins(() => [
  tablePlugin(bind(benchRows, undefined)),
  tablePlugin(bind(benchNothing, undefined)),
])
