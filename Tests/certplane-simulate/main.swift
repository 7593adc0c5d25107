import Glibc

exit(simulate())
