// What a merge request on GitLab shows, as golden files: the note, the file that is an exposed artifact, the widget's lines, and a page of
// them to open in a browser. `npx vitest run test/report -u` writes them anew.

import { describe, expect, it } from 'vitest';
import { buildCodeQuality } from '../../src/report/build-code-quality.ts';
import { renderComment } from '../../src/report/render-comment.ts';
import { renderMarkdown } from '../../src/report/render-markdown.ts';
import { gitlabWorlds } from '../builders/gitlab-worlds.ts';
import { worlds } from '../builders/report-worlds.ts';
import { renderGitlabPage } from '../support/render-gitlab-html.ts';

const RUN_URL = 'https://gitlab.com/shop/backend/app/-/jobs/4711';
const shown = { ...gitlabWorlds, 'stopped-by-bad-policy': worlds['stopped-by-bad-policy']! };

describe.each(Object.entries(shown))('on GitLab, %s', (name, world) => {
  const note = () => renderComment(world(), { key: '5f0e1d', frontEnd: 'gitlab', runUrl: RUN_URL });
  const items = () => buildCodeQuality(world(), { policyFile: '.registry-cleanup.yml' });
  const file = () => renderMarkdown(world(), { frontEnd: 'gitlab', isOnPullRequest: true });

  it('reads well as a note', async () => {
    await expect(note()).toMatchFileSnapshot(`../golden/gitlab/note-${name}.md`);
  });

  it('reads well as a file', async () => {
    await expect(file()).toMatchFileSnapshot(`../golden/gitlab/file-${name}.md`);
  });

  it('reads well in the widget', async () => {
    await expect(`${JSON.stringify(items(), null, 2)}\n`).toMatchFileSnapshot(`../golden/gitlab/quality-${name}.json`);
  });

  it('looks as its golden file does', async () => {
    await expect(renderGitlabPage(note(), items())).toMatchFileSnapshot(`../golden/gitlab/page-${name}.html`);
  });

  it('speaks of no pull request, workflow or shell', () => {
    for (const text of [note(), file()])
      expect(text).not.toMatch(/pull request|workflow|GitHub|registry-cleanup apply|#118/);
  });
});

describe('the file of a plan outside of a merge request', () => {
  it('tells how the plan is carried out', () => {
    const text = renderMarkdown(gitlabWorlds['plan']!(), { frontEnd: 'gitlab' });
    expect(text).toContain('To do it, run apply with the same options: in a scheduled pipeline');
    expect(renderMarkdown(gitlabWorlds['plan']!(), { frontEnd: 'gitlab', isOnPullRequest: true })).not.toContain(
      'run apply',
    );
  });
});
