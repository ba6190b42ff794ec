-- title: Indicators in force
-- description: One row per set: its version, how many indicators it has, and the indicator bundle that brought it, so that
--   a fleet shows who is behind. bundle_status says how the host stands with bundles: none, in force, old (made more than
--   90 days ago), expiring (within 14 days), fallback or failed; bundle_problem says why the newest is not in force.
-- platforms: windows, darwin, linux
-- schedule: every 86400 s
-- mode: snapshot
-- level: informational
-- references: https://osquery.readthedocs.io/en/stable/deployment/extensions/
-- false positives: None: this is a state.
-- resolution: Hosts with another version than the rest: update the extension or its indicators. For fallback and failed,
--   run threecx indicators status on the host.
-- budget: 200 rows, 10 s
-- attack: none
SELECT i."set", i.version, count(*) AS indicators, i.origin, i.bundle, i.bundle_version,
  CASE
    WHEN e.bundle_state <> 'in_force' THEN e.bundle_state
    WHEN e.bundle_expires < CAST(strftime('%s', 'now') AS INTEGER) + 14 * 86400 THEN 'expiring'
    WHEN e.bundle_created < CAST(strftime('%s', 'now') AS INTEGER) - 90 * 86400 THEN 'old'
    ELSE 'in force'
  END AS bundle_status,
  e.bundle_problem
FROM threecx_extension e
CROSS JOIN threecx_indicators i
GROUP BY i."set", i.version;
