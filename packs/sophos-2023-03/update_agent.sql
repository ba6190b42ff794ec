-- title: UpdateAgent of macOS: files, processes, past runs
-- description: One row per trace of the second stage that the macOS loader starts.
-- platforms: windows, darwin, linux
-- schedule: every 3600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the vendor never shipped a file of that name in that place.
-- resolution: Isolate the host; the second stage took the account's domain and sent it away.
-- budget: 100 rows, 120 s
-- attack: T1059.004, T1071.001

-- A comma is missing in the printed query: "ingestion_timestamp pid" renames the time to pid, and no pid comes back.
-- It also needs a shell in between; a direct start is missed. The tables know the path, however it was started.
SELECT 'file' AS trace, path, NULL AS pid, NULL AS cmdline, mtime AS time, verdict
FROM threecx_artifacts
WHERE stage = 'macos_second_stage'
UNION ALL
SELECT 'process', path, pid, cmdline, start_time, verdict
FROM threecx_processes
WHERE stage = 'macos_second_stage'
UNION ALL
SELECT 'execution', path, pid, cmdline, time, verdict
FROM threecx_executions
WHERE stage = 'macos_second_stage';
