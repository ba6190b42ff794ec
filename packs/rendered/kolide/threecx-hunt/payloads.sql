-- Payloads hidden in files
-- Platforms: windows, darwin, linux
-- FAIL: One row per payload that was decoded: what the carrier hides behind its signature, the address in an icon's trailer, the strings of the macOS loader, the victim's id. Only digests, addresses and fields leave the host.
-- What to do: As for files of the attack; hand urls and next_run to whoever watches the network.
SELECT
  CASE
    WHEN hits.is_hit = 1 THEN 'FAIL'
    WHEN NOT EXISTS (SELECT 1 FROM threecx_verdict WHERE scan_complete = 1) THEN 'UNKNOWN'
    ELSE 'PASS'
  END AS KOLIDE_CHECK_STATUS,
  hits."path",
  hits."kind",
  hits."offset",
  hits."length",
  hits."sha256",
  hits."authenticated",
  hits."urls",
  hits."next_run",
  hits."member",
  hits."component",
  hits."stage",
  hits."verdict"
FROM (SELECT 1 AS one) AS always
LEFT JOIN (
SELECT 1 AS is_hit, found.* FROM (
SELECT path, kind, offset, length, sha256, authenticated, urls, next_run, member, component, stage, verdict
FROM threecx_payloads
) AS found
) AS hits ON 1 = 1;
