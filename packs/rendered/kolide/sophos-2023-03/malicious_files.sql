-- Malicious files of the article, with size, digest, times and owner
-- Platforms: windows, darwin, linux
-- FAIL: One row per file that is a trojanised library, a payload carrier, an installer or an icon of the attack, wherever the app can be.
-- What to do: Isolate the host, uninstall the app, use the web client (PWA), rotate every credential that a browser of this host had stored.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."filename",
  hits."directory",
  hits."size",
  hits."sha256",
  hits."owner",
  hits."uid",
  hits."mode",
  hits."created",
  hits."modified",
  hits."changed",
  hits."component",
  hits."detection",
  hits."verdict",
  hits."matched_by"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
-- The printed query looks in one folder per user and knows four digests; the condition on the joined digest also drops
-- a file that could not be hashed. The table looks in every place of the app and examines structure, not digests alone.
SELECT filename, directory, size, sha256, owner, uid, mode,
  datetime(nullif(btime, 0), 'unixepoch') AS created,
  datetime(mtime, 'unixepoch') AS modified,
  datetime(ctime, 'unixepoch') AS changed,
  component, detection, verdict, matched_by
FROM threecx_artifacts
WHERE verdict = 'malicious'
) AS found
) AS hits ON 1 = 1;
