-- title: Running processes of the attack
-- description: One row per process that runs a compromised release, a trojanised library, UpdateAgent, or has the decrypted loader in its
--   memory (Linux).
-- platforms: windows, darwin, linux
-- schedule: every 600 s
-- mode: differential
-- level: critical
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/ https://objective-see.org/blog/blog_0x73.html
-- false positives: A compromised release that runs is malicious even if its C2 is gone.
-- resolution: Isolate the host before the process ends: its memory is evidence.
-- budget: 100 rows, 60 s
-- attack: T1574.002, T1055
SELECT pid, parent, name, path, cmdline, uid, user, start_time, version, affected, sha256, component, stage, detection,
  verdict, level
FROM threecx_processes
WHERE verdict IN ('malicious', 'suspicious', 'affected');
