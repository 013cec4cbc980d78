import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** The server that `npm run dev` talks to. */
const server = process.env.CONSOLE_SERVER ?? 'http://127.0.0.1:8080'

const browsers = ['chrome123', 'firefox121', 'safari17.5']

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '~': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: browsers,
    cssTarget: browsers,
    // Inlined files would be data: URLs, which the server's content security policy does not take.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 400,
    rolldownOptions: {
      output: {
        // Few files for the first route: what every page needs is two, the libraries and our own.
        codeSplitting: {
          groups: [
            {
              name: 'libraries',
              test: /node_modules\/(react|react-dom|scheduler|i18next|react-i18next|@tanstack|openapi-fetch)\//,
            },
            {
              name: 'common',
              test: /src\/(ui|api|features\/(list|thread))\/(?!json|yaml|form)/,
              minShareCount: 2,
            },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/docs', '/hooks', '/status'].map((path) => [
        path,
        {
          target: server,
          // The Host header stays, since the server takes changes only from its own pages.
          changeOrigin: false,
          configure: (proxy) => {
            // A stream that has nothing to say yet is open all the same.
            proxy.on('proxyRes', (_, __, response) => setImmediate(() => response.flushHeaders()))
          },
        },
      ]),
    ),
  },
  test: {
    restoreMocks: true,
    testTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'logic', environment: 'node', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'pages',
          environment: 'jsdom',
          include: ['src/**/*.test.tsx'],
          setupFiles: ['./vitest.setup.ts'],
        },
      },
    ],
  },
})
