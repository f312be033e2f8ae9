/**
 * Names that a program must not offer to whoever links its object. A probe is often called what it
 * probes: were `malloc` a symbol of the object, every call of malloc in the host program would end in
 * the probe, and LLVM itself makes calls of memcpy and its like.
 */
import { helpers } from '../verifier/index.ts';

/** Functions of the C library, POSIX and start-up code, by header. */
const LIBRARY = `
main environ errno
memchr memcmp memcpy memmove mempcpy memset memmem memrchr bcmp bcopy bzero explicit_bzero ffs
stpcpy stpncpy strcasecmp strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup
strerror strerror_r strlcat strlcpy strlen strncasecmp strncat strncmp strncpy strndup strnlen
strpbrk strrchr strsep strsignal strspn strstr strtok strtok_r strxfrm index rindex swab
isalnum isalpha isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit
tolower toupper
abort abs aligned_alloc alloca arc4random at_quick_exit atexit atof atoi atol atoll bsearch calloc
clearenv div exit free getenv getrandom labs ldiv llabs lldiv malloc malloc_usable_size mblen
mbstowcs mbtowc memalign mkdtemp mkostemp mkstemp mktemp posix_memalign putenv pvalloc qsort
qsort_r quick_exit rand rand_r random realloc reallocarray realpath secure_getenv setenv srand
srandom strtod strtof strtol strtold strtoll strtoul strtoull system unsetenv valloc wcstombs wctomb
asprintf clearerr dprintf fclose fdopen feof ferror fflush fgetc fgetpos fgets fileno flockfile
fopen fopen64 fprintf fputc fputs fread freopen fscanf fseek fseeko fsetpos ftell ftello
funlockfile fwrite getc getchar getdelim getline gets open_memstream pclose perror popen printf
putc putchar puts remove rename rewind scanf setbuf setvbuf snprintf sprintf sscanf stderr stdin
stdout tmpfile tmpnam ungetc vasprintf vdprintf vfprintf vprintf vsnprintf vsprintf vsscanf
access alarm brk chdir chmod chown chroot close closedir confstr copy_file_range creat dup dup2
dup3 execl execle execlp execv execve execvp execvpe faccessat fallocate fchdir fchmod fchmodat
fchown fchownat fcntl fdatasync fork fpathconf fstat fstat64 fstatat fsync ftruncate ftw futimens
getcwd getegid geteuid getgid getgroups gethostname getlogin getopt getopt_long getpagesize
getpgid getpgrp getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid
getuid ioctl isatty kill lchown link linkat lseek lseek64 lstat lstat64 madvise mincore mkdir
mkdirat mkfifo mknod mlock mlockall mmap mmap64 mount mprotect mremap msync munlock munlockall
munmap nanosleep nftw nice open open64 openat openat64 opendir pathconf pause pipe pipe2 prctl
pread pread64 preadv prlimit process_vm_readv process_vm_writev ptrace pwrite pwrite64 pwritev read
readahead readdir readdir64 readlink readlinkat readv reboot renameat renameat2 rewinddir rmdir
sbrk sendfile setegid seteuid setgid setgroups setpgid setpriority setregid setresgid setresuid
setreuid setrlimit setsid setuid shm_open shm_unlink sleep splice stat stat64 statfs statvfs statx
symlink symlinkat sync syscall sysconf sysinfo tcgetattr tcsetattr tee truncate ttyname umask
umount umount2 uname unlink unlinkat unshare usleep utime utimensat utimes vfork vmsplice wait
wait3 wait4 waitid waitpid write writev
accept accept4 bind connect endmntent eventfd epoll_create epoll_create1 epoll_ctl epoll_pwait
epoll_wait freeaddrinfo gai_strerror getaddrinfo gethostbyaddr gethostbyname getnameinfo
getpeername getsockname getsockopt htonl htons if_indextoname if_nametoindex inet_addr inet_aton
inet_ntoa inet_ntop inet_pton inotify_add_watch inotify_init listen ntohl ntohs poll ppoll pselect
recv recvfrom recvmmsg recvmsg select send sendmmsg sendmsg setsockopt shutdown signalfd
sockatmark socket socketpair timerfd_create timerfd_settime
asctime clock clock_getres clock_gettime clock_nanosleep clock_settime ctime difftime
gettimeofday gmtime gmtime_r localtime localtime_r mktime settimeofday strftime strptime time
timegm timer_create timer_delete timer_settime times tzset
longjmp raise setjmp sigaction sigaddset sigaltstack sigdelset sigemptyset sigfillset sigismember
siglongjmp signal sigpending sigprocmask sigqueue sigsetjmp sigsuspend sigtimedwait sigwait
call_once cnd_signal cnd_wait mtx_lock mtx_unlock pthread_atfork pthread_attr_init
pthread_cancel pthread_cond_broadcast pthread_cond_init pthread_cond_signal
pthread_cond_timedwait pthread_cond_wait pthread_create pthread_detach pthread_equal pthread_exit
pthread_getspecific pthread_join pthread_key_create pthread_kill pthread_mutex_destroy
pthread_mutex_init pthread_mutex_lock pthread_mutex_trylock pthread_mutex_unlock pthread_once
pthread_rwlock_rdlock pthread_rwlock_unlock pthread_rwlock_wrlock pthread_self
pthread_setspecific pthread_sigmask sched_getaffinity sched_getcpu sched_setaffinity sched_yield
sem_destroy sem_init sem_post sem_timedwait sem_wait thrd_create thrd_join
backtrace dl_iterate_phdr dladdr dlclose dlerror dlopen dlsym error getauxval iconv
localeconv nl_langinfo openlog regcomp regexec setlocale syslog warn wcslen wmemcpy wmemset
acos asin atan atan2 cbrt ceil copysign cos cosh exp exp2 expm1 fabs floor fma fmax fmin fmod
frexp hypot ldexp log log10 log1p log2 lrint lround modf nan nearbyint pow remainder rint round
scalbn sin sinh sqrt tan tanh tgamma trunc
`;

const library = new Set(LIBRARY.trim().split(/\s+/));

/** True when an object must not define this name for others. */
export function isReservedName(name: string): boolean {
  // What starts like this belongs to compilers and C libraries: _start, __stack_chk_fail.
  if (/^_[A-Z_]|^_(start|init|fini|end|exit|edata|etext)$/.test(name)) return true;
  if (library.has(name) || name.startsWith('bpftime_')) return true;
  return name.startsWith('bpf_') && helperNames().has(name.slice('bpf_'.length));
}

let known: ReadonlySet<string> | undefined;

function helperNames(): ReadonlySet<string> {
  known ??= new Set([...helpers().values()].map((helper) => helper.name));
  return known;
}
