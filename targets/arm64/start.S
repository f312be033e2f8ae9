/*
 * Entry of a static executable on arm64. The kernel enters with sp at argc (argv, envp and the
 * auxiliary vector follow), always a multiple of 16, which the CPU checks at each access through sp.
 * Zero frame pointer and link register end frame chains. bpftime_start(stack) never returns.
 */
	.text
	.globl	_start
	.type	_start, %function
_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, #0
	mov	x30, #0
	mov	x0, sp
	bl	bpftime_start
	brk	#0
	.cfi_endproc
	.size	_start, . - _start
	.section .note.GNU-stack, "", %progbits
