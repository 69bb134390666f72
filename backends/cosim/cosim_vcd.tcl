# Co-simulates an hls4ml project that has been synthesised, and leaves a VCD of its FIFOs: fifos.vcd, beside this file.
#
#     vitis_hls -f cosim_vcd.tcl                 (Vitis HLS; from 2024.2 on: vitis-run --mode hls --tcl cosim_vcd.tcl)
#     vivado_hls -f cosim_vcd.tcl                (Vivado HLS)
#
#     split4ml profile PROJECT --vcd PROJECT/fifos.vcd
#
# The test bench should send two frames at least (tb_data, or its own zeros): the second shows how frames follow each other. With FIFOs
# as deep as their frames nothing holds anybody up; with shallow ones their effect is seen.

set split4ml_here [file dirname [file normalize [info script]]]
cd $split4ml_here
source project.tcl

set split4ml_solution ${project_name}_prj/solution1
if {![file isdirectory $split4ml_solution/syn]} {
    error "split4ml: $split4ml_solution has not been synthesised: run build_prj.tcl first"
}
open_project ${project_name}_prj
open_solution solution1
cosim_design -trace_level all -setup

# The simulator's script logs everything to its own database, which is slow; the VCD takes its place.
set split4ml_patched 0
foreach script [glob -nocomplain $split4ml_solution/sim/verilog/*.tcl] {
    set file [open $script r]
    set text [read $file]
    close $file
    if {![regexp -line {^log_wave -r /\s*$} $text]} { continue }
    set begin [join [list \
        [list source $split4ml_here/fifo_vcd.tcl] \
        [list split4ml_log_fifos $split4ml_here/fifos.vcd]] "\n"]
    set end "split4ml_close_log\nquit"
    set lines {}
    foreach line [split $text "\n"] {
        if {[regexp {^log_wave -r /\s*$} $line]} {
            lappend lines $begin
        } elseif {[string trim $line] eq "quit"} {
            lappend lines $end
        } else {
            lappend lines $line
        }
    }
    set file [open $script w]
    puts -nonewline $file [join $lines "\n"]
    close $file
    incr split4ml_patched
}
if {$split4ml_patched == 0} {
    error "split4ml: no simulation script in $split4ml_solution/sim/verilog says `log_wave -r /`; is its simulator xsim?"
}

cd $split4ml_solution/sim/verilog
source run_sim.tcl
cd $split4ml_here
puts "split4ml: written to $split4ml_here/fifos.vcd"
