// The Git history of the demo as data: who committed what, how many days ago, and which branches and tags are there.
// Only make-history.ts turns it into a repository.

/** One commit. `parents`: keys of earlier commits, first parent first; `ref`: the reference it advances. */
export interface ScriptedCommit {
  readonly key: string;
  readonly daysAgo: number;
  readonly ref: string;
  readonly parents: readonly string[];
  readonly subject: string;
}

/** One release tag. A lightweight one has its commit's date, an annotated one a tagger date an hour later. */
export interface ScriptedTag {
  readonly name: string;
  readonly commit: string;
  readonly annotated: boolean;
}

/** The branch that is created, pushed, built, cloned, and then deleted on origin. */
export const DROPPED_BRANCH = 'feature/dropped';

/** Parents before children, which is the order that `git fast-import` wants. */
export const COMMITS: readonly ScriptedCommit[] = [
  branch('main', { key: 'm1', daysAgo: 365, parents: [], subject: 'A shop with one page' }),
  branch('main', { key: 'm2', daysAgo: 352, parents: ['m1'], subject: 'List the products' }),
  branch('main', { key: 'm3', daysAgo: 330, parents: ['m2'], subject: 'Fix prices with cents' }),
  branch('main', { key: 'm4', daysAgo: 318, parents: ['m3'], subject: 'Cache the product list' }),
  branch('main', { key: 'm5', daysAgo: 300, parents: ['m4'], subject: 'Add a cart' }),
  branch('main', { key: 'm6', daysAgo: 281, parents: ['m5'], subject: 'Show the cart in the header' }),
  branch('main', { key: 'm7', daysAgo: 262, parents: ['m6'], subject: 'Add orders' }),
  branch('main', { key: 'm8', daysAgo: 240, parents: ['m7'], subject: 'Fix orders without address' }),
  branch('main', { key: 'm9', daysAgo: 221, parents: ['m8'], subject: 'Log in JSON' }),
  branch('main', { key: 'm10', daysAgo: 205, parents: ['m9'], subject: 'Fix rounding of taxes' }),
  branch('main', { key: 'm11', daysAgo: 186, parents: ['m10'], subject: 'Fix the time zone of orders' }),
  branch('main', { key: 'm12', daysAgo: 170, parents: ['m11'], subject: 'Move the orders to their own table' }),
  branch('main', { key: 'm13', daysAgo: 150, parents: ['m12'], subject: 'Add a search' }),
  branch('main', { key: 'm14', daysAgo: 131, parents: ['m13'], subject: 'Rank the search results' }),
  branch('main', { key: 'm15', daysAgo: 115, parents: ['m14'], subject: 'Fix search with umlauts' }),
  branch('main', { key: 'm16', daysAgo: 97, parents: ['m15'], subject: 'Add vouchers' }),
  branch('feature/old-search', { key: 's1', daysAgo: 95, parents: ['m16'], subject: 'Try another search engine' }),
  branch('feature/old-search', { key: 's2', daysAgo: 92, parents: ['s1'], subject: 'Index in the background' }),
  branch('main', { key: 'm17', daysAgo: 84, parents: ['m16'], subject: 'Send invoices by mail' }),
  {
    key: 'h1',
    daysAgo: 78,
    ref: 'refs/tags/v1.2.4',
    parents: ['m11'],
    subject: 'Fix orders at midnight, for 1.2 only',
  },
  branch('feature/login', { key: 'l1', daysAgo: 72, parents: ['m17'], subject: 'Add a login form' }),
  branch('feature/login', { key: 'l2', daysAgo: 69, parents: ['l1'], subject: 'Remember the login' }),
  branch('main', { key: 'm18', daysAgo: 66, parents: ['m17', 'l2'], subject: "Merge branch 'feature/login'" }),
  branch('main', { key: 'm19', daysAgo: 52, parents: ['m18'], subject: 'Add order history' }),
  branch('main', { key: 'm20', daysAgo: 44, parents: ['m19'], subject: 'Load images lazily' }),
  branch('main', { key: 'm21', daysAgo: 37, parents: ['m20'], subject: 'Drop the old templates' }),
  branch('main', { key: 'm22', daysAgo: 30, parents: ['m21'], subject: 'New product pages' }),
  branch(DROPPED_BRANCH, { key: 'd1', daysAgo: 28, parents: ['m22'], subject: 'Pay by carrier pigeon' }),
  branch(DROPPED_BRANCH, { key: 'd2', daysAgo: 26, parents: ['d1'], subject: 'Feed the pigeons' }),
  branch('main', { key: 'm23', daysAgo: 24, parents: ['m22'], subject: 'New start page' }),
  branch('main', { key: 'm24', daysAgo: 19, parents: ['m23'], subject: 'Faster start page' }),
  branch('main', { key: 'm25', daysAgo: 14, parents: ['m24'], subject: 'Count visits' }),
  branch('main', { key: 'm26', daysAgo: 11, parents: ['m25'], subject: 'Fix counting of robots' }),
  branch('main', { key: 'm27', daysAgo: 8, parents: ['m26'], subject: 'Fix the start page on phones' }),
  branch('main', { key: 'm28', daysAgo: 5, parents: ['m27'], subject: 'Prepare the checkout' }),
  branch('feature/checkout', { key: 'c1', daysAgo: 4, parents: ['m28'], subject: 'Checkout: address' }),
  branch('feature/checkout', { key: 'c2', daysAgo: 2.5, parents: ['c1'], subject: 'Checkout: payment' }),
  branch('main', { key: 'm29', daysAgo: 2, parents: ['m28'], subject: 'Translate the start page' }),
  branch('feature/checkout', { key: 'c3', daysAgo: 0.8, parents: ['c2'], subject: 'Checkout: summary' }),
  branch('main', { key: 'm30', daysAgo: 0.3, parents: ['m29'], subject: 'Fix a typo' }),
];

/** Branches that only point somewhere. */
export const POINTERS: readonly { readonly branch: string; readonly commit: string }[] = [
  { branch: 'staging', commit: 'm29' },
  { branch: 'production', commit: 'm27' },
];

/** By date, oldest first. `v1.2.4` is on no branch; its commit is the tag's own. */
export const TAGS: readonly ScriptedTag[] = [
  { name: 'v1.0.0', commit: 'm1', annotated: true },
  { name: 'v1.0.1', commit: 'm3', annotated: false },
  { name: 'v1.1.0', commit: 'm5', annotated: true },
  { name: 'v1.2.0', commit: 'm7', annotated: true },
  { name: 'v1.2.1', commit: 'm8', annotated: false },
  { name: 'v1.2.2', commit: 'm10', annotated: false },
  { name: 'v1.2.3', commit: 'm11', annotated: true },
  { name: 'v1.3.0', commit: 'm13', annotated: true },
  { name: 'v1.3.1', commit: 'm15', annotated: false },
  { name: 'v1.4.0', commit: 'm16', annotated: true },
  { name: 'v1.2.4', commit: 'h1', annotated: false },
  { name: 'v1.5.0', commit: 'm19', annotated: true },
  { name: 'v2.0.0', commit: 'm23', annotated: true },
  { name: 'v2.0.1', commit: 'm27', annotated: true },
];

function branch(name: string, commit: Omit<ScriptedCommit, 'ref'>): ScriptedCommit {
  return { ...commit, ref: `refs/heads/${name}` };
}
