# The program as it is: Node runs the TypeScript, nothing is built. Non-root, and it writes nowhere but where it is told.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No install scripts: the base image is the runtime, and no native addon is needed.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node

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
COPY cli ./cli
USER node
EXPOSE 9464
ENTRYPOINT ["node", "/app/cli/evidence.js"]
CMD ["--help"]
