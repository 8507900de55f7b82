# The command line as an image: the bundle that the release was checked with, Node and git. Nothing is built or installed from npm here.
# With a BASE that has Node 24 and git nothing is fetched at all: `scripts/build-image.sh --base IMAGE` builds without a network.
ARG BASE=node:24-alpine
FROM $BASE

# git has what a base without it lacks beside: ssh, for origins that are reached by it.
RUN command -v git >/dev/null || apk add --no-cache git openssh-client-default

WORKDIR /opt/registry-cleanup
COPY package.json LICENSE ./
COPY bin ./bin
COPY dist ./dist
RUN ln -s /opt/registry-cleanup/bin/registry-cleanup.js /usr/local/bin/registry-cleanup

# What a run leaves: the journal, and what later runs need not read again. Mount a volume here.
RUN install -d -o 1000 -g 1000 /var/lib/registry-cleanup
WORKDIR /var/lib/registry-cleanup

ARG REVISION=unknown
LABEL org.opencontainers.image.title="registry-cleanup" \
      org.opencontainers.image.source="https://github.com/registry-cleanup/registry-cleanup" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"

# By number, so that `runAsNonRoot` can tell.
USER 1000:1000
ENTRYPOINT ["registry-cleanup"]
