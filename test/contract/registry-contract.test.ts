// The contract suite against every place there is.

import { describe } from 'vitest';
import { requireDistribution, requireProgram } from '../support/real-parts.ts';
import { describeRegistryContract } from './registry-contract.ts';
import { fakePlace, ghcrPlace, gitlabPlace, layoutPlace, realPlace } from './registry-places.ts';

describeRegistryContract(layoutPlace());
describeRegistryContract(ghcrPlace());
describeRegistryContract(fakePlace('as the specification has it', { pageSize: 1 }));
describeRegistryContract(fakePlace('that keeps tags of deleted digests', { keepTags: true, noReferrersApi: true }));
describeRegistryContract(
  fakePlace('with the habits of distribution 2.8', {
    noReferrersApi: true,
    refuseTagDelete: true,
    nullTags: true,
    ignorePageSize: true,
    strictAccept: true,
  }),
);
describeRegistryContract(fakePlace('that does not tell digests', { hideDigest: true }));
describe.runIf(requireProgram('docker-registry'))('for real', () => describeRegistryContract(realPlace()));

const hasGitlab = requireDistribution() !== undefined && requireProgram('openssl') !== undefined;
describe.runIf(hasGitlab)('on a GitLab', () => {
  describeRegistryContract(gitlabPlace('of today', {}));
  describeRegistryContract(gitlabPlace('without a metadata database', { metadataDatabase: false, links: 'path' }));
  describeRegistryContract(
    gitlabPlace('that deletes tags by their reference', { metadataDatabase: false, tagRoute: 'reference' }),
  );
  describeRegistryContract(
    gitlabPlace('of before 12.4, by its interface', { metadataDatabase: false, tagRoute: 'none', deleteAction: '*' }),
  );
});
