"""What two nodes say to each other. Pure: bytes in, bytes and events out.

So far: bundles, for carriers that have no way back.
"""

from lumbre.sync.bundle import BundleReader, write_bundle, write_bundles

__all__ = ["BundleReader", "write_bundle", "write_bundles"]
