/** Texts of the macOS loader, by what they are for; those of `files` stand plain in the published build. */
export const texts = {
  user_agent: ['Mozilla/5.0'],
  cookie: ['3cx_auth_id=', '__tutma='],
  support_folder: ['/3CX Desktop App/'],
  system_version: ['/SystemVersion.plist'],
  files: ['%s/.main_storage', '%s/UpdateAgent', '.session-lock'],
  address: ['https://', 'http://', '.com', '.net', '.org', '.wiki', '.info'],
} as const
