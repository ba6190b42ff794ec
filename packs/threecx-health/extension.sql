-- title: The extension answers
-- description: One row while the extension is registered: its version, which engine works, how it is doing.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: snapshot
-- level: informational
-- references: https://osquery.readthedocs.io/en/stable/deployment/extensions/
-- false positives: None: this is a state.
-- resolution: No row within two hours: run threecx doctor on the host.
-- budget: 1 row, 10 s
-- attack: none
SELECT version, engine, engine_reason, uptime, registrations, calls, errors, late, refused, p99_ms, rss
FROM threecx_extension;
