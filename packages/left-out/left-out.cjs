// What dockerode loads when it starts and never calls for what is asked of it here. See docs/adr/0004-packages.md.
module.exports = {};
