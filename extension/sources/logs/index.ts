/**
 * Every text log, one format per file, in the order in which a file is tried: the most specific first, a syslog of many
 * programs after the programs' own logs, JSON lines and tables of any kind last.
 */
import type { LogFormat } from '../log-format.ts'
import { bind } from './bind.ts'
import { combined } from './combined.ts'
import { coredns } from './coredns.ts'
import { csv } from './csv.ts'
import { dnsmasq } from './dnsmasq.ts'
import { filterlog } from './filterlog.ts'
import { haproxy } from './haproxy.ts'
import { hostsFile } from './hosts-file.ts'
import { iis } from './iis.ts'
import { journalJson } from './journal-json.ts'
import { jsonLines } from './json-lines.ts'
import { littleSnitch } from './little-snitch.ts'
import { pihole } from './pihole.ts'
import { resolvectl } from './resolvectl.ts'
import { squid } from './squid.ts'
import { squidCombined } from './squid-combined.ts'
import { suricata } from './suricata.ts'
import { syslog } from './syslog.ts'
import { systemdResolved } from './systemd-resolved.ts'
import { unbound } from './unbound.ts'
import { unifiedLog } from './unified-log.ts'
import { windowsDns } from './windows-dns.ts'
import { zeek } from './zeek.ts'

/** All formats; the first that recognises a file reads it. */
export const logFormats: readonly LogFormat[] = [
  hostsFile,
  unifiedLog,
  zeek,
  iis,
  suricata,
  pihole,
  dnsmasq,
  windowsDns,
  unbound,
  bind,
  coredns,
  systemdResolved,
  resolvectl,
  haproxy,
  filterlog,
  squid,
  squidCombined,
  combined,
  littleSnitch,
  syslog,
  journalJson,
  jsonLines,
  csv,
]
