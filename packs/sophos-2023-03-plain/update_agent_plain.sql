-- title: UpdateAgent of macOS: running, or still on disk
-- description: One row per process of the second stage, and per file that the second stage left in the folder of the app's settings.
-- platforms: darwin
-- schedule: every 600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: None known: the vendor never shipped a file of that name in that place.
-- resolution: Isolate the host before the process ends: its memory is evidence.
-- budget: 50 rows, 10 s
-- attack: T1059.004

-- The printed query names its columns wrongly (a comma is missing, so that the time is called pid) and needs a shell in
-- between. Here the path counts, however the program was started. UpdateAgent deletes itself: no row is no proof.
SELECT 'process' AS trace, pid, path, cmdline, uid
FROM processes
WHERE lower(path) LIKE '%/3cx desktop app/updateagent' OR lower(cmdline) LIKE '%/3cx desktop app/updateagent%'
UNION ALL
SELECT 'file', NULL, path, NULL, uid
FROM file
WHERE path LIKE '/Users/%/Library/Application Support/3CX Desktop App/UpdateAgent';
