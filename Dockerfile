# The program as it is: Node runs the TypeScript; only the console's page is built. Non-root, and it writes nowhere but where
# it is told.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the base image is the runtime, and no native addon is needed.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node

FROM node:24.21.0-bookworm-slim AS console
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY schemas ./schemas
COPY api ./api
RUN node api/console/build-console.js

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production NO_COLOR=1
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY schemas ./schemas
COPY producers ./producers
COPY ledger ./ledger
COPY projector ./projector
COPY guards ./guards
COPY api ./api
COPY --from=console /app/api/console/dist ./api/console/dist
COPY cli ./cli
# A volume here begins with this owner: the local ledger, tokens and audit trail of `serve`.
RUN install -d -o node -g node -m 0700 /var/lib/evidence
USER node
EXPOSE 8480 9464
ENTRYPOINT ["node", "/app/cli/evidence.js"]
CMD ["--help"]
