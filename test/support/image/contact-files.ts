/**
 * Stores and logs of an image: contacts in the compromised form, and in every form look-alikes that are none.
 *
 * What a hunt must list is written down beside the file, so that the image is its own answer key here, too.
 */
import type { Platform } from '../../../extension/domain/platform.ts'
import { contactLogs } from './contact-logs.ts'
import { contactStores } from './contact-stores.ts'
import { eventLogFiles } from './event-log-files.ts'
import { journalFiles } from './journal-files.ts'
import type { ContactFiles } from './planned-contact.ts'
import { type ImageForm, releaseOf } from './planned-file.ts'

/** The stores and logs of an image. */
export function contactFiles(platform: Platform, form: ImageForm): ContactFiles {
  const makes = [...contactStores[platform], ...contactLogs[platform]]
  const makeLogs = platform === 'windows' ? [eventLogFiles] : platform === 'linux' ? [journalFiles] : []
  const logs = makeLogs.map((make) => make(form === 'compromised', releaseOf[form]))
  const parts = [...makes.map((make) => make(form === 'compromised')), ...logs]
  return { files: parts.flatMap((one) => one.files), contacts: parts.flatMap((one) => one.contacts) }
}
