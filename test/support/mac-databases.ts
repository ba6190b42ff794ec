/**
 * Databases in which macOS notes what apps were used and which files were downloaded.
 */
import { create } from './browser-stores.ts'

const mac = (seconds: number) => seconds - 978_307_200

/** A use of an app, unix seconds. */
export interface AppUse {
  readonly app: string
  readonly stream?: string
  readonly begun: number
  readonly ended: number
}

/** Writes `knowledgeC.db`. */
export function knowledgeDatabase(path: string, uses: readonly AppUse[]): void {
  const db = create(
    path,
    `CREATE TABLE ZOBJECT ( Z_PK INTEGER PRIMARY KEY, Z_ENT INTEGER, ZSOURCE INTEGER, ZCREATIONDATE TIMESTAMP, ZENDDATE TIMESTAMP,
      ZSTARTDATE TIMESTAMP, ZUUID VARCHAR, ZSTREAMNAME VARCHAR, ZVALUESTRING VARCHAR, ZMETADATA BLOB );
     CREATE INDEX Z_Object_ZSTREAMNAME ON ZOBJECT (ZSTREAMNAME);`,
  )
  const add = db.prepare('INSERT INTO ZOBJECT(ZSTREAMNAME, ZVALUESTRING, ZSTARTDATE, ZENDDATE) VALUES(?, ?, ?, ?)')
  db.exec('BEGIN')
  for (const { app, stream = '/app/usage', begun, ended } of uses) add.run(stream, app, mac(begun), mac(ended))
  db.exec('COMMIT')
  db.close()
}

/** A downloaded file, unix seconds. */
export interface QuarantinedFile {
  readonly url: string
  readonly origin?: string
  readonly time: number
}

/** Writes the database of quarantine events. */
export function quarantineDatabase(path: string, files: readonly QuarantinedFile[]): void {
  const db = create(
    path,
    `CREATE TABLE LSQuarantineEvent ( LSQuarantineEventIdentifier TEXT PRIMARY KEY NOT NULL, LSQuarantineTimeStamp REAL,
      LSQuarantineAgentBundleIdentifier TEXT, LSQuarantineAgentName TEXT, LSQuarantineDataURLString TEXT, LSQuarantineSenderName TEXT,
      LSQuarantineSenderAddress TEXT, LSQuarantineTypeNumber INTEGER, LSQuarantineOriginTitle TEXT, LSQuarantineOriginURLString TEXT,
      LSQuarantineOriginAlias BLOB );`,
  )
  const add = db.prepare(
    `INSERT INTO LSQuarantineEvent VALUES(?, ?, 'com.apple.Safari', 'Safari', ?, NULL, NULL, 0, NULL, ?, NULL)`,
  )
  for (const [at, { url, origin = '', time }] of files.entries()) {
    add.run(`0D6A3B1E-0000-4000-8000-00000000000${at}`, mac(time), url, origin)
  }
  db.close()
}
