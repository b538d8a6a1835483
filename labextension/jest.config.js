const baseConfig = require('@jupyterlab/testing/lib/jest-config');

const base = baseConfig(__dirname);
const tsconfig = `${__dirname}/tsconfig.test.json`;

// Packages that ship as ES modules only; the base list lacks JupyterLab's own.
const esModules = [
  '@jupyter/',
  '@jupyterlab/',
  '@lumino/',
  '@microsoft/',
  '@codemirror/',
  '@lezer/',
  '@marijn/',
  '@rjsf/',
  'color',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

module.exports = {
  ...base,
  rootDir: __dirname,
  reporters: ['default'],
  setupFilesAfterEnv: ['<rootDir>/test/setup.ts'],
  testRegex: '/test/.*\\.spec\\.tsx?$',
  transform: {
    ...base.transform,
    '^.+\\.tsx?$': ['ts-jest', { tsconfig }],
    '^.+\\.jsx?$': [
      'babel-jest',
      { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] }
    ]
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules}))`]
};
