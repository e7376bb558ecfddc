# load fails: load_service.rb:3: ArgumentError: Cloud.service "Users": its class must inherit from Cloud::Service
class Users; end
Cloud.service "Users", Users
