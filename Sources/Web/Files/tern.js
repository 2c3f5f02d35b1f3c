// The address at which pages import the library: `/tern.js`.
export * from './tern/tern.js';
