/**
 * Events of Windows' logs, one or more for each kind that is read: what names the campaign, and what only looks so.
 */
import type { PlannedEvent } from './evtx-builder.ts'

const time = Date.UTC(2023, 2, 29, 14, 0) / 1000
const app = 'C:\\Users\\alice\\AppData\\Local\\Programs\\3CXDesktopApp\\app\\3CXDesktopApp.exe'
const library = app.replace('3CXDesktopApp.exe', 'ffmpeg.dll')
const utc = '2023-03-29 14:00:00.123'
const sha256 = '7986BBAEE8940DA11CE089383521AB420C443AB7B15ED42AED91FD31CE833896'
const hashes = `SHA1=BF939C9C261D27EE7BB92325CC588624FCA75429,MD5=74BC2D0B6680FAA1A5A76B27E5479CBC,SHA256=${sha256},IMPHASH=0`

const sysmon = { provider: 'Microsoft-Windows-Sysmon', channel: 'Microsoft-Windows-Sysmon/Operational', time } as const
const dns = {
  provider: 'Microsoft-Windows-DNS-Client',
  channel: 'Microsoft-Windows-DNS-Client/Operational',
  time,
} as const
const security = { provider: 'Microsoft-Windows-Security-Auditing', channel: 'Security', time } as const
const defender = { provider: 'Microsoft-Windows-Windows Defender', time } as const
const bits = { provider: 'Microsoft-Windows-Bits-Client', time } as const

const connection = {
  UtcTime: utc,
  ProcessId: '4711',
  Image: app,
  User: 'HOST\\alice',
  Protocol: 'tcp',
  Initiated: 'true',
  SourceIp: '10.0.0.5',
  DestinationIp: '192.0.2.7',
  DestinationHostname: 'pbxsources.com',
  DestinationPort: '443',
}

/** Events that tell of contacts. */
export const contactEvents: Readonly<Record<string, PlannedEvent>> = {
  'sysmon-query': {
    ...sysmon,
    id: 22,
    data: {
      UtcTime: utc,
      ProcessId: '4711',
      QueryName: 'www.PbxSources.com',
      QueryStatus: '0',
      QueryResults: 'type:  5 cdn.example.net;::ffff:192.0.2.7;',
      Image: app,
      User: 'HOST\\alice',
    },
  },
  'sysmon-connection': { ...sysmon, id: 3, data: connection },
  'sysmon-connection-from-outside': {
    ...sysmon,
    id: 3,
    data: { ...connection, Initiated: 'false', SourceHostname: 'pbxsources.com', DestinationHostname: 'host' },
  },
  'dns-client-query': {
    ...dns,
    id: 3008,
    process: 4711,
    user: 'S-1-5-21-1-2-3-1001',
    data: { QueryName: 'officeaddons.com', QueryType: '1', QueryStatus: '9003', QueryResults: '192.0.2.8;' },
  },
  'dns-client-timeout': {
    ...dns,
    id: 1014,
    channel: 'System',
    data: { QueryName: 'akamaicontainer.com', AddressLength: '16', Address: '02000035' },
  },
  'dns-client-look-alike': { ...dns, id: 3008, data: { QueryName: 'notofficeaddons.com.example', QueryStatus: '0' } },
  'bits-download': {
    ...bits,
    id: 59,
    data: { transferId: '{1}', name: 'update', Id: '{2}', url: 'https://msstorageazure.com/window', bytesTotal: '10' },
  },
  'bits-file': {
    ...bits,
    id: 16403,
    data: {
      User: 'HOST\\alice',
      jobTitle: 'x',
      RemoteName: 'https://sbmsa.wiki/a',
      LocalName: 'C:\\a',
      processId: '99',
    },
  },
  'network-protection': {
    ...defender,
    id: 1126,
    data: { User: 'HOST\\alice', Destination: 'pbxsources.com', 'Process Name': app },
  },
  'network-protection-url': {
    ...defender,
    id: 1125,
    data: { User: 'HOST\\alice', Destination: 'https://officeaddons.com/x', 'Process Name': app },
  },
  'filter-connection': {
    ...security,
    id: 5156,
    data: { ProcessID: '4711', Application: app, Direction: '%%14593', DestAddress: '198.51.100.7', DestPort: '443' },
  },
  'filter-connection-from-outside': {
    ...security,
    id: 5156,
    data: { ProcessID: '4711', Application: app, Direction: '%%14592', DestAddress: '198.51.100.7', DestPort: '443' },
  },
  hostile: {
    ...sysmon,
    id: 22,
    data: { UtcTime: '9999-99-99', QueryName: `${'a.'.repeat(3000)}\u0000`, ProcessId: '-1', Image: '' },
  },
  'without-values': { ...dns, id: 3008 },
}

/** Events that tell of executions. */
export const executionEvents: Readonly<Record<string, PlannedEvent>> = {
  'sysmon-process': {
    ...sysmon,
    id: 1,
    data: {
      UtcTime: utc,
      ProcessId: '4711',
      Image: app,
      FileVersion: '18.12.416.0',
      CommandLine: `"${app}" --hidden`,
      User: 'HOST\\alice',
      Hashes: hashes,
      ParentProcessId: '640',
      ParentImage: 'C:\\Windows\\explorer.exe',
    },
  },
  'sysmon-module': {
    ...sysmon,
    id: 7,
    data: { UtcTime: utc, ProcessId: '4711', Image: app, ImageLoaded: library, Hashes: hashes, User: 'HOST\\alice' },
  },
  'sysmon-file': {
    ...sysmon,
    id: 11,
    data: { UtcTime: utc, ProcessId: '640', Image: 'C:\\Windows\\System32\\msiexec.exe', TargetFilename: library },
  },
  'security-process': {
    ...security,
    id: 4688,
    data: {
      SubjectUserName: 'alice',
      SubjectDomainName: 'HOST',
      NewProcessId: '0x1267',
      NewProcessName: app,
      CommandLine: '',
      ProcessId: '0x280',
      ParentProcessName: 'C:\\Windows\\explorer.exe',
    },
  },
  'defender-finding': {
    ...defender,
    id: 1116,
    data: {
      'Threat Name': 'Trojan:Win64/SamScissors',
      Path: `containerfile:_C:\\Users\\alice\\Downloads\\a.msi; file:_${library}`,
      'Detection User': 'HOST\\alice',
      'Process Name': 'C:\\Windows\\explorer.exe',
    },
  },
  'service-installed': {
    provider: 'Service Control Manager',
    time,
    id: 7045,
    channel: 'System',
    data: { ServiceName: 'TPM', ImagePath: '"%SystemRoot%\\TPM\\TpmVscMgrSvr.exe" -k x', AccountName: 'LocalSystem' },
  },
  'task-started': {
    provider: 'Microsoft-Windows-TaskScheduler',
    time,
    id: 129,
    data: { TaskName: '\\3CXDesktopApp', Path: app, ProcessID: '4711' },
  },
  'task-created': {
    ...security,
    id: 4698,
    data: {
      SubjectUserName: 'alice',
      SubjectDomainName: 'HOST',
      TaskName: '\\Update',
      TaskContent: `<Task><Actions><Exec><Command>"${app}"</Command><Arguments>--a &amp; --b</Arguments></Exec></Actions></Task>`,
    },
  },
  'wmi-provider': {
    provider: 'Microsoft-Windows-WMI-Activity',
    time,
    id: 5857,
    userData: { ProviderName: 'x', Code: '0x0', HostProcess: 'wmiprvse.exe', ProcessID: '77', ProviderPath: library },
  },
  'wmi-subscription': {
    provider: 'Microsoft-Windows-WMI-Activity',
    time,
    id: 5861,
    userData: {
      ESS: 'Start',
      CONSUMER: 'CommandLineEventConsumer="Run"',
      PossibleCause: `Perm. Consumer: instance of CommandLineEventConsumer { CommandLineTemplate = "\\"${app.replaceAll('\\', '\\\\')}\\" -x"; Name = "Run"; };`,
    },
  },
  'wmi-script': {
    provider: 'Microsoft-Windows-WMI-Activity',
    time,
    id: 5861,
    userData: { ESS: 'Start', CONSUMER: 'ActiveScriptEventConsumer="Run"', PossibleCause: 'ScriptText = "x";' },
  },
  'crash-numbered': {
    provider: 'Application Error',
    time,
    id: 1000,
    channel: 'Application',
    unnamed: [
      '3CXDesktopApp.exe',
      '18.12.407.0',
      '63fd',
      'ffmpeg.dll',
      '0.0.0.0',
      '63fe',
      'c0000005',
      '0001',
      '1267',
      '01d9',
      app,
      library,
    ],
  },
  'crash-named': {
    provider: 'Application Error',
    time,
    id: 1000,
    data: {
      AppName: '3CXDesktopApp.exe',
      AppVersion: '18.12.416.0',
      ProcessId: '0x1267',
      AppPath: app,
      ModulePath: '',
    },
  },
  'applocker-allowed': {
    provider: 'Microsoft-Windows-AppLocker',
    time,
    id: 8002,
    user: 'S-1-5-21-1-2-3-1001',
    userData: { TargetProcessId: '4711', FilePath: '%OSDRIVE%\\USERS\\ALICE\\3CXDESKTOPAPP.EXE', Fqbn: 'O=3CX LTD' },
  },
  hostile: { ...sysmon, id: 1, data: { Image: '', ProcessId: 'x', Hashes: 'SHA1='.repeat(500), UtcTime: '' } },
}
