# Builds tune from this clone: see docs/install.md.
from spack.package import *


class Tilewright(CMakePackage):
    """Finds the fastest configuration of a CUDA kernel for a shape on a GPU, stores every
    measurement in an SQLite file, and writes the winner as a C++ header."""

    # There is no release yet: `spack dev-build tilewright@0.1.0` builds the folder that it runs in.
    version("0.1.0")

    variant("cuda", default=True, description="The cuda device; it needs the toolkit's headers")
    variant("mpi", default=False, description="tune-mpi, for mpirun and srun")

    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    depends_on("boost@1.74: +program_options +context +iostreams")
    depends_on("fmt@9:")
    depends_on("nlohmann-json@3.11:")
    depends_on("sqlite@3:")
    depends_on("sqlitecpp@3:")
    depends_on("tomlplusplus@3:")
    depends_on("xxhash@0.8:")
    depends_on("cuda@12:", when="+cuda")
    depends_on("mpi", when="+mpi")

    requires("%gcc@12:", msg="tune is compiled by g++ 12 or newer")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define_from_variant("TILEWRIGHT_CUDA", "cuda"),
            self.define_from_variant("TILEWRIGHT_MPI", "mpi"),
            self.define("TILEWRIGHT_TESTS", False),
        ]
