/** Error numbers as helpers return them: negative, in 64 bits. */
export const ENOENT = -2n;
export const E2BIG = -7n;
export const EAGAIN = -11n;
export const ENOMEM = -12n;
export const EACCES = -13n;
export const EFAULT = -14n;
export const EEXIST = -17n;
export const EINVAL = -22n;
export const ENOSPC = -28n;
