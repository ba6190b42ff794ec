-- title: Past executions of compromised releases and later stages
-- description: One row per program of the attack that the system recorded as run or seen, also when the file is gone.
-- platforms: windows, darwin, linux
-- schedule: every 14400 s
-- mode: differential_ignore_removals
-- level: high
-- references: https://news.sophos.com/en-us/2023/03/29/3cx-dll-sideloading-attack/
-- false positives: Records of a kind that only proves presence (proof = seen) do not prove that the program ran.
-- resolution: A run of a compromised release between 22 March and the clean-up counts as a compromise until later stages are excluded.
-- budget: 500 rows, 120 s
-- attack: T1204.002
SELECT time, last_time, count, source, source_path, proof, path, cmdline, user, version, sha256, component, stage, verdict,
  level
FROM threecx_executions
WHERE verdict IN ('malicious', 'suspicious', 'affected');
