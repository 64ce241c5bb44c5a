# Loaded by RUBYOPT into every Ruby of the container, including bundle, rake and gem. So it does next to
# nothing, and an error here must not affect the application.
module ProfilingAgent
  FOLDER = __dir__
  # These load the application before they fork, which takes longer than the usual delay.
  SERVERS = %w[puma unicorn pitchfork passenger resque].freeze
  TOOLS = %w[bundle bundler gem rake irb rdoc ri].freeze

  class << self
    def why_not(env = ENV, program = $PROGRAM_NAME)
      return 'no application name or server address' if blank?(env['PYROSCOPE_APPLICATION_NAME']) || blank?(env['PYROSCOPE_SERVER_ADDRESS'])
      return 'PYROSCOPE_AGENT_ENABLED=false' if env['PYROSCOPE_AGENT_ENABLED'].to_s.strip.casecmp?('false')
      return "platform #{RUBY_ENGINE} #{RUBY_PLATFORM}" unless RUBY_ENGINE == 'ruby' && RUBY_PLATFORM.include?('linux')
      return "#{program} is a tool" if TOOLS.include?(File.basename(program.to_s))
      return "no profiler for Ruby #{RUBY_VERSION}" if gem_folders.empty?
    end

    # A process that forks is a master: its children are profiled instead, each with its own start.
    def install
      return if why_not
      Process.singleton_class.prepend(AfterFork)
      start_later
    end

    def start_later
      owner = Process.pid
      thread = Thread.new do
        sleep delay
        start if Process.pid == owner && !@forked
      rescue Exception => e # rubocop:disable Lint/RescueException
        debug(e)
      end
      thread.report_on_exception = false
    end

    def forked
      @forked = true
    end

    def child
      @forked = false
      @child = true
      start_later
    rescue Exception => e # rubocop:disable Lint/RescueException
      debug(e)
    end

    # k=v,k2=v2; leaves out malformed pairs and values that no server accepts.
    def labels(text)
      text.to_s.split(',').map { |pair| pair.split('=', 2).map(&:strip) }
          .select { |name, value| !blank?(name) && !blank?(value) && !(name + value).match?(/[{}=\s]/) }.to_h
    end

    private

    def start
      return debug('the application runs the profiler itself') if defined?(::Pyroscope)
      # At the end of the path, so that our files never hide those of the application; Bundler checks
      # gems, not the path, and does not see them.
      gem_folders.each { |folder| $LOAD_PATH.push(folder) unless $LOAD_PATH.include?(folder) }
      require 'pyroscope'
      env = ENV
      ::Pyroscope.configure do |config|
        config.application_name = env['PYROSCOPE_APPLICATION_NAME']
        config.server_address = env['PYROSCOPE_SERVER_ADDRESS'].sub(%r{/+\z}, '')
        config.sample_rate = Integer(env['PROFILING_RUBY_SAMPLE_RATE'] || '100', exception: false) || 100
        config.tags = labels(env['PYROSCOPE_LABELS'])
        config.tenant_id = env['PYROSCOPE_TENANT_ID'] unless blank?(env['PYROSCOPE_TENANT_ID'])
        config.basic_auth_username = env['PYROSCOPE_BASIC_AUTH_USER'] unless blank?(env['PYROSCOPE_BASIC_AUTH_USER'])
        config.basic_auth_password = env['PYROSCOPE_BASIC_AUTH_PASSWORD'] unless blank?(env['PYROSCOPE_BASIC_AUTH_PASSWORD'])
      end
    end

    # native/<ruby minor>/<gem>/lib, as in the agent image.
    def gem_folders
      Dir[File.join(FOLDER, 'native', RUBY_VERSION[/\A\d+\.\d+/], '*', 'lib')].sort
    end

    # Short scripts end before the delay and never load the profiler.
    def delay
      seconds = Float(ENV['PROFILING_START_DELAY_MS'] || '1000', exception: false)
      seconds = seconds ? seconds.clamp(0, 600_000) / 1000 : 1
      SERVERS.include?(File.basename($PROGRAM_NAME)) && !@child ? seconds * 30 : seconds
    end

    def blank?(text)
      text.nil? || text.strip.empty?
    end

    def debug(what)
      warn("profiling-agent: #{what}") if ENV['PROFILING_DEBUG']
    end
  end

  module AfterFork
    def _fork
      pid = super
      pid.zero? ? ProfilingAgent.child : ProfilingAgent.forked
      pid
    end
  end
end

begin
  ProfilingAgent.install
rescue Exception # rubocop:disable Lint/RescueException
  nil
end
