/*
 * Entry of a static executable on riscv64. The kernel enters with sp at argc (argv, envp and the
 * auxiliary vector follow), a multiple of 16. The linker may shorten accesses to data near
 * __global_pointer$ to gp-relative ones, so gp is set first, with relaxation off: relaxed, this very
 * instruction would become `mv gp, gp`. Zero ra and s0 end frame chains. bpftime_start(stack) never
 * returns.
 */
	.text
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined ra
	.option	push
	.option	norelax
	lla	gp, __global_pointer$
	.option	pop
	li	ra, 0
	li	s0, 0
	mv	a0, sp
	andi	sp, sp, -16
	call	bpftime_start
	unimp
	.cfi_endproc
	.size	_start, . - _start
	.section .note.GNU-stack, "", @progbits
