# Logs how full the FIFOs of a simulation are, and when they are written and read, to a VCD that split4ml reads.
#
# For Vivado's simulator (xsim), in a simulation that has been opened and not yet been run:
#
#     source fifo_vcd.tcl
#     split4ml_log_fifos fifos.vcd
#     run -all
#     split4ml_close_log
#
#     split4ml profile PROJECT --vcd fifos.vcd
#
# A FIFO is any instance with a signal `if_full_n`, as Vitis HLS and Vivado HLS name it; those of start tokens
# are left out. Logged are a FIFO's handshake and occupancy, and the clock, the block-level handshake and the AXI4-Stream handshakes of the
# module that holds it. Commands: UG835 open_vcd, log_vcd, flush_vcd, close_vcd, get_objects.

set split4ml_of_fifo {
    if_write if_write_ce if_full_n if_read if_read_ce if_empty_n
    if_num_data_valid usedw mOutPtr dout_valid dout_vld
}
set split4ml_of_module {ap_clk ap_start ap_ready ap_done *_TVALID *_TREADY}

proc split4ml_scope {object} {
    return [string range $object 0 [expr {[string last / $object] - 1}]]
}

proc split4ml_leaf {object} {
    return [string range $object [expr {[string last / $object] + 1}] end]
}

proc split4ml_log_fifos {file} {
    global split4ml_of_fifo split4ml_of_module
    set objects {}
    set fifos [dict create]
    set modules [dict create]
    foreach object [get_objects -r *] {
        set path [string trim "$object"]
        lappend objects $path
        set scope [split4ml_scope $path]
        if {[split4ml_leaf $path] eq "if_full_n" && ![string match start_for_* [split4ml_leaf $scope]]} {
            dict set fifos $scope 1
            dict set modules [split4ml_scope $scope] 1
        }
    }
    open_vcd $file
    foreach path $objects {
        set scope [split4ml_scope $path]
        set leaf [split4ml_leaf $path]
        if {[dict exists $fifos $scope]} {
            if {$leaf in $split4ml_of_fifo} { log_vcd $path }
        } elseif {[dict exists $modules $scope]} {
            foreach pattern $split4ml_of_module {
                if {[string match $pattern $leaf]} { log_vcd $path; break }
            }
        }
    }
    puts "split4ml: logging [dict size $fifos] FIFOs to $file"
    if {[dict size $fifos] == 0} {
        puts "split4ml: WARNING: no instance has a signal if_full_n; is this a simulation of an hls4ml io_stream design?"
    }
}

proc split4ml_close_log {} {
    flush_vcd
    close_vcd
}
