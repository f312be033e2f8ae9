/*
 * Entry of a static executable on x86-64. The kernel enters with rsp at argc (argv, envp and the
 * auxiliary vector follow), rsp a multiple of 16, and rbp to be zeroed by us to end frame chains. A
 * C function expects rsp + 8 to be a multiple of 16 at its first instruction, which is what `call`
 * gives when rsp is a multiple of 16 before it. bpftime_start(stack) never returns.
 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	bpftime_start
	ud2
	.cfi_endproc
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
