import Glibc

exit(gauge())
