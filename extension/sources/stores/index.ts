/**
 * The stores of browsers, and of apps made from one. Adding a source is adding its file here.
 */
import type { Source } from '../source.ts'
import { macCookies } from './binary-cookies.ts'
import { chromiumCookies } from './chromium-cookies.ts'
import { chromiumFavicons } from './chromium-favicons.ts'
import { chromiumHistory } from './chromium-history.ts'
import { chromiumNetworkState } from './chromium-network-state.ts'
import { electronAppState } from './electron-app-state.ts'
import { firefoxCookies } from './firefox-cookies.ts'
import { firefoxFormhistory } from './firefox-formhistory.ts'
import { firefoxPlaces } from './firefox-places.ts'
import { macHttpStorage } from './mac-http-storage.ts'
import { macUrlCache } from './mac-url-cache.ts'
import { safariDownloads } from './safari-downloads.ts'
import { safariHistory } from './safari-history.ts'

/** In the order in which they are asked whether a file is theirs. */
export const stores: readonly Source[] = [
  chromiumHistory,
  chromiumCookies,
  chromiumFavicons,
  chromiumNetworkState,
  firefoxPlaces,
  firefoxCookies,
  firefoxFormhistory,
  safariHistory,
  safariDownloads,
  macCookies,
  macUrlCache,
  macHttpStorage,
  electronAppState,
]
