-- title: Indicators in force
-- description: One row per set: its version and how many indicators it has, so that a fleet shows who is behind.
-- platforms: windows, darwin, linux
-- schedule: every 86400 s
-- mode: snapshot
-- level: informational
-- references: https://osquery.readthedocs.io/en/stable/deployment/extensions/
-- false positives: None: this is a state.
-- resolution: Hosts with another version than the rest: update the extension or its indicators.
-- budget: 200 rows, 10 s
-- attack: none
SELECT "set", version, count(*) AS indicators
FROM threecx_indicators
GROUP BY "set", version;
