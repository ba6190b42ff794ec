/**
 * What a service manager needs to run the daemon, one function per manager.
 *
 * The daemon reads what users wrote, as root, so it is given as little else as the manager can take away: no new
 * privileges, nothing writable but its state, no devices. Values go into the files quoted by each format's own rules.
 */

/** The daemon as a command. */
export interface ServiceCommand {
  /** Program and arguments, absolute paths. */
  readonly command: readonly string[]
  /** Private directory it writes to. */
  readonly stateDir: string
}

/** Managers for which there is a definition. */
export const serviceManagers = ['systemd', 'launchd', 'windows'] as const

/** One of them. */
export type ServiceManager = (typeof serviceManagers)[number]

/** Name of the service everywhere. */
export const serviceName = 'threecx-daemon'

/** The definition, and how it is put in place. */
export function serviceDefinition(manager: ServiceManager, command: ServiceCommand): string {
  return definitions[manager](command)
}

const definitions: Readonly<Record<ServiceManager, (command: ServiceCommand) => string>> = {
  systemd: systemdUnit,
  launchd: launchdPlist,
  windows: scheduledTask,
}

/** https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html */
function systemdUnit({ command, stateDir }: ServiceCommand): string {
  return `# /etc/systemd/system/${serviceName}.service; then: systemctl daemon-reload && systemctl enable --now ${serviceName}
[Unit]
Description=threecx-hunter daemon: asks the hunting queries on schedule and delivers what changed
Documentation=https://attack.mitre.org/campaigns/C0057/
After=local-fs.target network.target osqueryd.service

[Service]
Type=notify
NotifyAccess=all
ExecStart=${command.map(systemdWord).join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
TimeoutStopSec=60
WatchdogSec=180
# It reads everything and changes nothing.
CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
${writablePlace(stateDir)}
LogsDirectory=threecx-hunter
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077
Nice=10
CPUWeight=20
MemoryMax=1G

[Install]
WantedBy=multi-user.target
`
}

/** systemd makes what lies in its own place for state, private; anything else must be there. */
function writablePlace(stateDir: string): string {
  const name = /^\/var\/lib\/([\w.-]+)$/.exec(stateDir)?.[1]
  return name === undefined
    ? `ReadWritePaths=${systemdWord(stateDir)}`
    : `StateDirectory=${name}\nStateDirectoryMode=0700`
}

/** A word of ExecStart: quoted, with systemd's specifiers and variables taken literally. */
function systemdWord(word: string): string {
  const literal = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[\w@/.,:=+-]+$/.test(literal) ? literal : `"${literal.replace(/["\\]/g, '\\$&')}"`
}

/** https://www.manpagez.com/man/5/launchd.plist/ */
function launchdPlist({ command, stateDir }: ServiceCommand): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- /Library/LaunchDaemons/${label}.plist, owner root:wheel; then: launchctl bootstrap system THIS_FILE -->
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xmlText(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ThrottleInterval</key><integer>10</integer>
  <key>ProcessType</key><string>Background</string>
  <key>LowPriorityIO</key><true/>
  <key>Nice</key><integer>10</integer>
  <key>Umask</key><integer>63</integer>
  <key>ExitTimeOut</key><integer>60</integer>
  <key>StandardErrorPath</key><string>${xmlText(`${stateDir}/daemon.log`)}</string>
</dict>
</plist>
`
}

const label = 'io.threecx-hunter.daemon'

/**
 * The daemon is no service of Windows' own kind (Node does not answer the service manager), so it is a task that starts
 * with the system, as SYSTEM, and is started again when it fails.
 * https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
 */
function scheduledTask({ command: [program = '', ...args] }: ServiceCommand): string {
  return `<?xml version="1.0" encoding="UTF-16"?>
<!-- as administrator: schtasks /create /tn ${serviceName} /xml THIS_FILE (saved as UTF-16) and schtasks /run /tn ${serviceName} -->
<Task version="1.3" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>threecx-hunter daemon: asks the hunting queries on schedule and delivers what changed</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals><Principal id="system"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>8</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="system">
    <Exec><Command>${xmlText(program)}</Command><Arguments>${xmlText(args.map(windowsWord).join(' '))}</Arguments></Exec>
  </Actions>
</Task>
`
}

/** An argument by the rules of CommandLineToArgvW. */
function windowsWord(word: string): string {
  if (/^[^\s"]+$/.test(word)) return word
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
