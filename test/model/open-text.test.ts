import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { couldName, fixedParts, isOpenText } from '../../src/model/open-text.ts';
import { formatRepository, parseRepository } from '../../src/model/reference.ts';

const OURS = parseRepository('registry.example.com/team/app');
const HUB = parseRepository('nginx');
const NO_MIRRORS = new Map<string, string>();

describe('the fixed parts of a text', () => {
  it.each([
    ['registry.example.com/team/app:v1', ['registry.example.com/team/app:v1']],
    ['registry.example.com/team/app:$(params.tag)', ['registry.example.com/team/app:', '']],
    ['$(inputs.params["a(b)"])/app', ['', '/app']],
    ['{{inputs.parameters.image}}', ['', '']],
    ['{{=sprig.dict("a", {"b": 1})}}/app:1', ['', '/app:1']],
    ['${IMAGE:-${OTHER:-x}}:v1', ['', ':v1']],
    ['$REGISTRY/app:$TAG', ['', '/app:', '']],
    ['registry/<team>/app:<tag>', ['registry/', '/app:', '']],
    ['{{never closed', ['', '']],
    ['Not An Image', ['not', 'image']],
    ['oci://ghcr.io/team/app:{{semver}}', ['ghcr.io/team/app:', '']],
    ['%REGISTRY%/team/app:%TAG%', ['', '/team/app:', '']],
    ['', ['']],
  ])('%j', (text, parts) => {
    expect(fixedParts(text)).toEqual(parts);
  });

  it.each([
    ['$(x)', true],
    ['{{x}}', true],
    ['a:${x}', true],
    ['$TAG', true],
    ['a:1', false],
    ['Not An Image', false],
    ['costs 5$', false],
  ])('%j is written to be filled in: %j', (text, isOpen) => {
    expect(isOpenText(text)).toBe(isOpen);
  });
});

describe('a text that is no reference', () => {
  it.each([
    ['the tag is open', 'registry.example.com/team/app:$(params.tag)'],
    ['the digest is open', 'registry.example.com/team/app@{{workflow.parameters.digest}}'],
    ['tag and what comes before it are open', 'registry.example.com/team/app$(params.suffix)'],
    ['the name is open and begins with our host', 'registry.example.com/{{inputs.parameters.image}}:latest'],
    ['the last part of the name is open', 'registry.example.com/team/${NAME}:v1'],
    ['a middle part of the name is open', 'registry.example.com/$(team)/app:v1'],
    ['the host is open', '$(params.registry)/team/app:v1'],
    ['the host and the team are open', '{{registry}}/app:{{tag}}'],
    ['half a component is open', 'registry.example.com/team/a{{rest}}'],
    ['another host has the same path', 'mirror.example.net/team/app:$(tag)'],
    ['another host has our path behind one of its own', 'mirror.example.net/cache/team/app:$(tag)'],
    ['a mirror stands for us', 'mirror.example.net/x/app:$(tag)'],
    ['no host is named', 'team/app:$(tag)'],
    ['it has a scheme', 'oci://registry.example.com/team/app:{{semver}}'],
    ['it is in upper case', 'Registry.Example.com/Team/App:V1'],
    ['its tag is empty', 'registry.example.com/team/app:'],
    ['its tag is no tag', 'registry.example.com/team/app:v1 '],
    ['it is in brackets of a kind nobody knows', 'registry.example.com/team/<name>:<tag>'],
    ['it is a command that ends in our image', 'docker pull registry.example.com/team/app:v1'],
    ['its parts are between per cent signs', '%REGISTRY%/team/app:%TAG%'],
  ])('could mean our repository when %s', (_, text) => {
    expect(couldName(text, OURS, new Map([['mirror.example.net/x', 'registry.example.com/team']]))).toBe(true);
  });

  it.each([
    ['all of it is open', '{{inputs.parameters.image}}'],
    ['all its parts are open', '{{registry}}/{{name}}:{{tag}}'],
    ['only its tag is fixed', '$(image):v1'],
    ['another repository of our host is named', 'registry.example.com/team/other:$(tag)'],
    ['a longer name of our host is named', 'registry.example.com/team/application:$(tag)'],
    ['a longer path of our host is named', 'registry.example.com/team/app/cache:$(tag)'],
    ['our path stands behind another one on our host', 'registry.example.com/x/team/app:$(tag)'],
    ['another host and another path are named', 'docker.io/bitnami/kubectl:$(params.version)'],
    ['an open part stands behind another path', 'docker.io/bitnami/$(params.name):1'],
    ['our name is only its tag', 'docker.io/bitnami/kubectl:app$(x)'],
    ['it is a sentence', 'Not An Image'],
    ['it is empty', ''],
  ])('does not mean our repository when %s', (_, text) => {
    expect(couldName(text, OURS, NO_MIRRORS)).toBe(false);
  });

  it.each(['nginx:$(tag)', 'library/nginx:$(tag)', 'docker.io/nginx:$(tag)', 'index.docker.io/library/nginx:${TAG}'])(
    'could mean an image of Docker Hub: %s',
    (text) => {
      expect(couldName(text, HUB, NO_MIRRORS)).toBe(true);
    },
  );

  it('could mean our repository whatever part of its name or tag is open, as long as a letter of the name is left', () => {
    const full = `${formatRepository(OURS)}:v1`;
    const end = full.length - ':v1'.length;
    fc.assert(
      fc.property(
        fc.nat({ max: full.length }),
        fc.nat({ max: full.length }),
        fc.constantFrom('$(x)', '{{x}}', '${x}', '{{ .a | b "c" }}'),
        (one, other, open) => {
          const [from, to] = [Math.min(one, other), Math.max(one, other)];
          fc.pre(/[a-z]/.test(full.slice(0, from) + full.slice(to, end)));
          expect(couldName(full.slice(0, from) + open + full.slice(to), OURS, NO_MIRRORS)).toBe(true);
        },
      ),
    );
  });

  it('is judged in time that grows with its length only', () => {
    const started = performance.now();
    for (const text of [
      '{{'.repeat(20_000),
      '$('.repeat(20_000),
      '{{a}}'.repeat(20_000),
      '< '.repeat(20_000),
      '/'.repeat(50_000),
    ])
      couldName(text, OURS, NO_MIRRORS);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
